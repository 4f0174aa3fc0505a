"""What people use: finding hands, predicting their contact, showing it."""
