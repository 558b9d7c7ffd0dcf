"""What the Sulcus panel does outside Slicer: finding programs, command lines, progress, results. Needs Python alone."""
