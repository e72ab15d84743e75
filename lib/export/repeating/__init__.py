"""The parts that a script which repeats a run is put together from; never run here, they know nothing of Atelier.

`lib.export.composing` joins them into one file: imports first, then the parts one after another. Packages that take
long to import are imported inside functions, as everywhere in lib.export.
"""
