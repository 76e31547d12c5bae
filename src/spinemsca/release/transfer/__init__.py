"""Getting a release from elsewhere: addresses, resumed transfers, a server for tests."""
