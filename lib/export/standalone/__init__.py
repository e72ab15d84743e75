"""Programs that lie beside exported models and run without Atelier: what they import is copied with them."""
