"""How a page is made: one look, one script, one policy, whoever has something to show.

A page is one file that needs no network. It holds its styles, the chart library, its figures as JSON and the text
around them; `assemble_page` puts them together, and every page of the house goes through it.
"""

from edgeproof.pages.assembling import assemble_page, open_templates, read_text
from edgeproof.pages.figures import PLAIN_NUMBER, Figure, Landscape, draw_landscape, draw_waterfall
from edgeproof.pages.words import NOTHING, say_count, say_number, say_percent, say_signed_percent
from edgeproof.pages.writing import write_atomically

__all__ = [
    "NOTHING",
    "PLAIN_NUMBER",
    "Figure",
    "Landscape",
    "assemble_page",
    "draw_landscape",
    "draw_waterfall",
    "open_templates",
    "read_text",
    "say_count",
    "say_number",
    "say_percent",
    "say_signed_percent",
    "write_atomically",
]
