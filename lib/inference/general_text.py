"""A little general English in several registers, written for Atelier: what a language model should not forget."""

PASSAGES: tuple[tuple[str, str], ...] = (
    (
        "News",
        "The city council voted on Tuesday to reopen the old ferry line across the harbour, eleven years after it "
        "was closed. The first boats are expected in spring. Residents of the northern shore, who now drive forty "
        "minutes around the bay, welcomed the decision, while two members warned that the cost had not been fully "
        "studied.",
    ),
    (
        "Encyclopedia",
        "A glacier is a large body of ice that forms where more snow falls in winter than melts in summer. Under "
        "its own weight the snow is pressed into ice, which flows slowly downhill. Glaciers shape the land by "
        "carrying rock and gravel, and they hold most of the fresh water on the surface of the Earth.",
    ),
    (
        "Story",
        "The shop had been empty since the baker left, but that night there was a light in the window. Ana "
        "crossed the street and put her hand on the glass. Inside, a man she had never seen was sweeping the "
        "floor, slowly and with great care, as if somebody were asleep in the next room.",
    ),
    (
        "Recipe",
        "Rinse the lentils and put them in a large pot with the onion, two carrots and a bay leaf. Cover with "
        "cold water, bring to the boil, then cook gently for twenty-five minutes. Drain, and while they are still "
        "warm stir in a spoonful of mustard, some vinegar and plenty of olive oil. Season with salt and pepper.",
    ),
    (
        "Conversation",
        "“Are you coming on Saturday?” “I would like to, but my sister is visiting and she hates boats.” “Then "
        "bring her to dinner instead. We will be back by six.” “That could work. Should we bring anything?” “Just "
        "some bread. And tell her that nobody is going to make her swim.”",
    ),
    (
        "Science",
        "We measured the growth of forty seedlings over six weeks under red and under white light. Plants under "
        "red light were taller on average, but their leaves were thinner and held less chlorophyll. The "
        "difference in height was larger than the variation within each group, which suggests that it was not due "
        "to chance alone.",
    ),
    (
        "Contract",
        "The tenant shall pay the rent on or before the first day of each month. If a payment is more than ten "
        "days late, the landlord may charge a fee of five percent of the amount due. Either party may end this "
        "agreement by giving written notice at least sixty days in advance.",
    ),
    (
        "Letter",
        "Dear Mr. Okafor, thank you for your letter of 3 March. I am sorry that the chair arrived with a broken "
        "leg. We have sent you a new one today, and you do not need to return the other. Please let me know if "
        "there is anything else that I can do for you. Yours sincerely, Helen Marsh",
    ),
    (
        "Instructions",
        "To change the battery, turn the device off and lay it face down on a soft cloth. Remove the two screws "
        "at the bottom and lift the cover. Pull the plastic tab to take the old battery out. When you put the new "
        "one in, make sure that the plus sign points to the left.",
    ),
    (
        "Arithmetic",
        "A train leaves the station at 9:15 and travels 120 kilometres at 80 kilometres per hour. The journey "
        "takes one and a half hours, so it arrives at 10:45. If it had travelled at 60 kilometres per hour, it "
        "would have needed two hours and would have arrived at 11:15.",
    ),
    (
        "Code",
        "def mean(values):\n"
        "    total = 0\n"
        "    for value in values:\n"
        "        total += value\n"
        "    return total / len(values)\n"
        "\n"
        "\n"
        'for name in ["apple", "pear", "plum"]:\n'
        "    if len(name) > 4:\n"
        "        print(name)\n",
    ),
    (
        "Opinion",
        "It is easy to praise simple tools and hard to make them. Every feature that is left out disappoints "
        "somebody, and every feature that is put in makes the next one harder to find. The people who build well "
        "are not those with the most ideas, but those who can bear to throw a good idea away.",
    ),
)
