"""What the policies say: pure functions over data files."""
