"""CollabViz in a browser: the navigation, and the frame every page shares. Start it with ``streamlit run app.py``."""

import streamlit as st

from collabviz.errors import CollabVizError
from collabviz.ui import frame
from collabviz.ui.show import literal

page = frame.navigation()
frame.brand()
frame.pickers()
try:
    page.run()
except CollabVizError as error:
    st.error(literal(str(error)), icon=":material/error:")
