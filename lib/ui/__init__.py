"""The only part of lib that imports Streamlit: the page frame, pickers, forms, live fragments, views of outputs."""
