"""Who works on what: claims of workers, page by page, in SQL."""
