"""The names that columns usually have, in several languages, by the part they play."""

import re
import unicodedata

TEXT_NAMES: tuple[str, ...] = (
    "text", "texts", "tweet", "sentence", "review", "message", "comment", "content", "body", "document",
    "utterance", "post", "query", "question", "description", "abstract", "headline", "title", "sms", "email",
    "input", "prompt", "article", "passage", "paragraph", "snippet", "feedback", "complaint", "ticket",
    "request", "transcript", "lyrics", "line", "reviewtext", "review_text", "text1", "text_1", "text_a",
    "sentence1", "sentence_1", "sentence_a", "premise", "first", "source", "note", "notes", "answer",
    "texte", "phrase", "avis", "commentaire", "contenu", "satz", "nachricht", "kommentar", "bewertung", "inhalt",
    "beschreibung", "texto", "frase", "mensaje", "comentario", "opinion", "resena", "mensagem", "testo",
    "messaggio", "recensione", "commento", "tekst", "zin", "bericht", "текст", "сообщение", "отзыв",
    "комментарий", "文本", "内容", "评论", "句子", "テキスト", "文", "本文", "텍스트", "문장", "내용", "نص", "पाठ",
)  # fmt: skip
PAIR_NAMES: tuple[str, ...] = (
    "text_pair", "textpair", "text2", "text_2", "text_b", "sentence2", "sentence_2", "sentence_b",
    "hypothesis", "second", "question2", "question_2", "answer", "response", "reply", "context",
)  # fmt: skip
LABEL_NAMES: tuple[str, ...] = (
    "label", "labels", "class", "category", "sentiment", "target", "emotion", "topic", "intent", "tag",
    "y", "polarity", "stance", "gold", "annotation", "type", "genre", "subject", "department", "queue",
    "priority", "outcome", "verdict", "toxicity", "toxic", "spam", "is_spam", "rating", "stars", "score",
    "emoji", "language", "lang", "gender", "status", "classe", "categorie", "etiquette", "emotions", "sujet",
    "cible", "etikett", "klasse", "kategorie", "thema", "gefuhl", "stimmung", "ziel", "etiqueta", "clase",
    "categoria", "sentimiento", "emocion", "tema", "sentimento", "rotulo", "etichetta", "argomento", "klass",
    "etykieta", "kategoria", "метка", "класс", "категория", "тональность", "标签", "类别", "情感", "分类",
    "ラベル", "カテゴリ", "感情", "라벨", "레이블", "감정", "تصنيف", "लेबल",
)  # fmt: skip
ID_NAMES: tuple[str, ...] = (
    "id", "ids", "uid", "uuid", "guid", "index", "idx", "row", "row_id", "rowid", "key", "page_id", "user_id",
    "tweet_id", "doc_id", "example_id", "respondentid", "unnamed_0", "nr", "no", "number",
)  # fmt: skip
SPLIT_NAMES: tuple[str, ...] = ("split", "set", "subset", "partition", "fold", "dataset", "usage", "part")

# For roles that are not a plain text or a label: by the kind of the role.
STRUCTURED_NAMES: dict[str, tuple[str, ...]] = {
    "tokens": ("tokens", "words", "token", "word", "tokenized", "tokenized_text", "mots", "palabras", "worter"),
    "tags": ("tags", "ner_tags", "ner", "bio_tags", "iob_tags", "pos_tags", "upos", "labels", "tag", "label"),
    "spans": ("spans", "entities", "annotations", "annotation", "labels", "label", "ents", "highlights"),
    "answers": ("answers", "answer", "answer_text", "reponse", "reponses", "antwort", "respuesta", "risposta"),
    "messages": ("messages", "conversations", "conversation", "chat", "dialog", "dialogue", "turns", "prompt"),
    "image": ("image", "images", "img", "photo", "picture", "file_name", "filename", "file", "path", "image_path",
              "image_id", "bild", "imagen", "imagem", "foto", "immagine"),
    "number": ("score", "value", "rating", "target", "label", "similarity", "stars", "price", "y", "grade", "note"),
    "labels": ("labels", "tags", "categories", "topics", "genres", "classes", "keywords", "label"),
}  # fmt: skip


def plain_name(name: str) -> str:
    """A column name without case, accents and punctuation: "Étiquette " becomes "etiquette"."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", bare)).strip("_")


KNOWN_NAMES: frozenset[str] = frozenset(
    map(plain_name, TEXT_NAMES + PAIR_NAMES + LABEL_NAMES + ID_NAMES + SPLIT_NAMES + ("date", "time", "name"))
)
