"""Numbers in, Plotly figures out. Show them with `st.plotly_chart(chart.figure, theme=None, alt=chart.alt)`."""
