"""Home: what this is, what is running now, and where to start."""

from lib.ui.frame import page
from lib.ui.home import show_home

with page("Home", icon=":material/home:"):
    show_home()
