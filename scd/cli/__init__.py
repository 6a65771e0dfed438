"""The command line: every command is a thin door to a room; what is heavy loads only when a command needs it."""

from scd.cli.app import app

# isort: off
# The help lists the commands in this order: first the clinic's folder, last what mends it.
from scd.cli import workspace as workspace
from scd.cli import intake as intake
from scd.cli import tables as tables
from scd.cli import analyze as analyze
from scd.cli import overlap as overlap
from scd.cli import between_case as between_case
from scd.cli import randomization_test as randomization_test
from scd.cli import process as process
from scd.cli import plan as plan
from scd.cli import check as check
from scd.cli import masked as masked
from scd.cli import monitor as monitor
from scd.cli import pages as pages
from scd.cli import diary as diary
from scd.cli import doctor as doctor
# isort: on

__all__ = ["app"]
