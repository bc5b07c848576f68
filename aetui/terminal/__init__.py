"""What the terminal can show: asked once before the app starts, and which way of drawing pictures follows."""
