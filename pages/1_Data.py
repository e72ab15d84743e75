"""Data: bring a table, look at it, say what to learn from it, and store it."""

from lib.ui.dataset import show_stored, show_upload
from lib.ui.entrance import show_entrance, upload_in_address
from lib.ui.frame import page, section
from lib.ui.shelf import show_shelf

with page("Data", icon=":material/table:") as hand:
    if token := upload_in_address():
        show_upload(token)
        show_shelf()
    elif hand.data:
        show_stored(hand.data)
        show_shelf()
        section("Bring another table")
        show_entrance(first=False)
    else:
        show_entrance()
        show_shelf()
