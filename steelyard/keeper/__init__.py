"""The keeper: whoever runs it keeps tokens inside their bands, and is paid for it."""
