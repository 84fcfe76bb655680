"""Finding a stay: exact dates or a flexible window, ranked, explained, with the nearest fits when nothing fits; reads only."""
