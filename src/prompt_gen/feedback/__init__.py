"""A memory of what was shown, accepted, dismissed and kept, for reports and for the next corpus.

event      what happened, and what of it may be stored
tables     the tables; migrations/ makes and upgrades them
place      where the file of SQLite is, by default in the directory that is served
database   where the tables are: SQLite in a file, or PostgreSQL; who may write; errors in our words
store      record, forget, expire
recorder   the thread that commits what came in together
lines      accepted lines, as a corpus to train on
summary    numbers; report/ shows them as a page
"""

from prompt_gen.feedback.event import Event, Kind, Model, Recorded
from prompt_gen.feedback.recorder import Recorder

__all__ = ["Event", "Kind", "Model", "Recorded", "Recorder"]
