"""Tokenizers trained on the user's own texts, in the scheme of the family they are for."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SENTINELS = 100
# Texts encoded at a time.
BATCH = 1_000
# Turns between marks, as in ChatML; what the assistant says stands in a block that training can tell apart.
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}"
    "{% else %}{{ message['content'] + '<|im_end|>\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def train_wordpiece(texts: Sequence[str], vocabulary: int, *, longest: int) -> Any:
    """A tokenizer like that of BERT uncased: small letters, words cut into pieces, [CLS] and [SEP] around."""
    from tokenizers import Tokenizer, models, trainers
    from transformers import BertTokenizer

    # BertTokenizer sets the normaliser, the cutting and the special tokens; only its pieces are to be learned.
    frame = BertTokenizer().backend_tokenizer
    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.normalizer, learner.pre_tokenizer = frame.normalizer, frame.pre_tokenizer
    letters = _letters(texts, frame.normalizer, vocabulary // 4)
    # The trainer numbers what it is told first in that order, and the letters inside words in no fixed one.
    first = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(vocabulary, len(first)),
        min_frequency=2,
        limit_alphabet=len(letters),
        initial_alphabet=letters,
        special_tokens=first,
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return BertTokenizer(vocab=learner.get_vocab(), do_lower_case=True, model_max_length=longest)


def train_unigram(texts: Sequence[str], vocabulary: int, *, longest: int) -> Any:
    """A tokenizer like that of T5: pieces that keep their spaces, </s> at the end, and the sentinels <extra_id_0> ….

    The pieces are found by merging pairs and weighed by how often they are used then: the usual trainer adds its
    figures up in another order each time, so that the same texts would not give the same tokenizer.
    """
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    learner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    letters = ["\u2581", *_letters(texts, learner.normalizer, vocabulary // 2)]
    special = ["<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=max(vocabulary - SENTINELS - len(special), len(letters)),
        min_frequency=2,
        limit_alphabet=len(letters),
        initial_alphabet=letters,
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    uses = Counter(dict.fromkeys(learner.get_vocab(), 0.5))
    for start in range(0, len(texts), BATCH):
        for encoding in learner.encode_batch(list(texts[start : start + BATCH])):
            uses.update(encoding.tokens)
    weights = [(piece, math.log(count / uses.total())) for piece, count in uses.items()]
    weights.sort(key=lambda pair: (-pair[1], pair[0]))
    pieces = [(name, 0.0) for name in special] + weights
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=special.index("<unk>"), byte_fallback=False))
    tokenizer.normalizer, tokenizer.pre_tokenizer = learner.normalizer, learner.pre_tokenizer
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", special.index("</s>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        # T5 numbers them from the end of the vocabulary.
        extra_special_tokens=[f"<extra_id_{number}>" for number in reversed(range(SENTINELS))],
        model_max_length=longest,
    )


def _letters(texts: Sequence[str], normalizer: Any, most: int) -> list[str]:
    """The most frequent characters of the texts as the model will see them, in alphabetical order."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalizer.normalize_str(text))
    known = [letter for letter in counts if not letter.isspace()]
    return sorted(sorted(known, key=lambda letter: (-counts[letter], letter))[:most])


def train_bytes(texts: Sequence[str], vocabulary: int, *, longest: int) -> Any:
    """A tokenizer like those of GPT-2 and Llama 3: pieces of bytes, nothing unknown; with a chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|endoftext|>",
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        extra_special_tokens=["<|im_start|>"],
        model_max_length=longest,
        chat_template=CHAT_TEMPLATE,
    )


def save_image_settings(folder: Path, *, side: int) -> None:
    """Write how pictures are prepared: `side` by `side` pixels, values from -1 to 1."""
    settings = {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": side, "width": side},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
