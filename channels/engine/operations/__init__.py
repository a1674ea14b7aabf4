"""What operators see and do, and what users, pages and apps are called to them."""
