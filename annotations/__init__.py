"""What people say about captures: tasks out to Label Studio, labels back."""
