"""Session keys and URL parameters that more than one module knows."""

# Chosen in the sidebar, kept in the URL, carried from page to page.
DATA = "data"
RUN = "run"
CARRIED = (DATA, RUN)

# Uploads this session has made: tokens of ``ui.uploads``.
UPLOADS = "uploads"

# One person's own ratings, put aside for the page that meets somebody new.
OWN_LIST = "own-list"

# Changes of carried choices that the next script run makes before it draws the pickers.
PENDING = "pending"

# Model, recipe and ratings that the settings on the Train page are of.
DECIDED = "decided"

# The larger set that this session has agreed to fetch.
FETCH = "fetch"

# Which view of the Dataset page is open.
VIEW = "view"

# Runs drawn beside the chosen one on the Train page.
OVERLAY = "overlay"
