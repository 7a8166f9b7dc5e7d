"""Pictures and papers that pages lead to: the API's own views behind the edge of the pages.

A client of the API renews its session by itself. A browser that follows a link, or comes to a picture after a quarter
of an hour on the same page, cannot: so the page's edge does, and tells a refusal in words and not as JSON.
What everybody may see (a reward's photo) stays where caches may keep it.
"""

from __future__ import annotations

from app.codes.api import print_poster
from app.media.api import show_photo
from app.rewards.api import print_voucher
from app.rewards.books.api import read_statement_pdf, read_statement_xlsx
from app.rewards.merchants.api import read_merchant_statement_pdf, read_merchant_statement_xlsx
from app.web.edge import Pages

pages = Pages("files")

pages.get("/photos/<uuid:media_id>", write=True)(show_photo)  # a look at somebody else's is written down
pages.get("/vouchers/<uuid:voucher_id>/paper.pdf")(print_voucher)
pages.get("/station/<uuid:station_id>/poster.pdf")(print_poster)
pages.get("/settlements/<uuid:settlement_id>/statement.pdf")(read_statement_pdf)
pages.get("/settlements/<uuid:settlement_id>/statement.xlsx")(read_statement_xlsx)
pages.get("/merchant-statements/<uuid:merchant_statement_id>/statement.pdf")(read_merchant_statement_pdf)
pages.get("/merchant-statements/<uuid:merchant_statement_id>/statement.xlsx")(read_merchant_statement_xlsx)
