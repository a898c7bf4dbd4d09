"""How alike two pages or designs are: pixels, text blocks, trees, elements, and how they take an edit."""
