"""The pages as a person meets them: names for what one sees and does, so that tests read like a story."""

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as NotThereError


class App:
    """One browser tab with the app in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def curve(self) -> Locator:
        """The lines of the live curve."""
        return self.page.get_by_test_id("stVegaLiteChart").locator("svg path[aria-roledescription='line mark']")

    @property
    def final_curve(self) -> Locator:
        """The figure of a finished run."""
        return self.page.get_by_test_id("stPlotlyChart").first

    @property
    def stop_button(self) -> Locator:
        return self.page.get_by_role("button", name="Stop", exact=True)

    def figure(self, label: str) -> Locator:
        """The number under a label, in the row of figures that matter."""
        metric = self.page.get_by_test_id("stMetric").filter(has_text=label)
        return metric.get_by_test_id("stMetricValue")

    def table(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def box(self, label: str) -> Locator:
        """The select box of that label."""
        return self.page.get_by_role("combobox", name=label, exact=True)

    def choose(self, label: str, option: str) -> None:
        """Pick an option in a select box; a list closes when the page is redrawn under it, and is opened again."""
        self.settle()
        for _ in range(5):
            self.box(label).click()
            try:
                self.page.get_by_role("option", name=option).first.click(timeout=2_000)
                break
            except NotThereError:
                continue
        self.page.keyboard.press("Escape")  # a list of many stays open for more
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run: a page that is redrawn closes its lists."""
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")

    def view(self, name: str) -> None:
        """Switch a segmented control."""
        self.page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()

    def upload(self, name: str, content: bytes) -> None:
        self.page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})

    def begin(self, button: str = "Train") -> None:
        """Press the button and wait until the page is about the new training."""
        self.settle()
        before = self.run_in_url()
        self.button(button).click()
        self.page.wait_for_function("before => new URLSearchParams(location.search).get('run') !== before", arg=before)

    def run_in_url(self) -> str | None:
        """The id of the run that the link leads to."""
        found: str | None = self.page.evaluate("new URLSearchParams(location.search).get('run')")
        return found

    def watch(self) -> None:
        """Press Train and wait for the curve."""
        self.begin()
        expect(self.curve.first).to_be_visible()

    def wait_until_trained(self) -> None:
        """Wait for the end of the training that the page is about."""
        self.settle()
        expect(self.stop_button).to_have_count(0, timeout=120_000)
        expect(self.final_curve).to_be_visible()
