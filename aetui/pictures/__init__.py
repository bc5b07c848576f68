"""Pictures of samples and reconstructions: kept in PNG files, laid out in cells, drawn in any terminal."""
