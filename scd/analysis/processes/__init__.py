"""What moves together with the outcome from session to session: processes of one client, and of several."""
