"""What stands on a screen: words with their places, from the page's tree or its pixels, and what they give away."""
