"""Which worker works on what: claims, page by page, in SQL."""
