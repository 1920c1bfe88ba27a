"""Plotly figures made from the results of analyses."""
