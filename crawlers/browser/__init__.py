"""Our own layer over Chromium: find it, keep it alive, let pages settle, take pictures and trees of them."""
