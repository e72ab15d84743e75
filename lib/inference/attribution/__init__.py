"""What a prediction rests on, worked out in the model host: methods of attribution and how faithful they are."""
