"""The site: settings, addresses, and the pages that compose the other rooms."""
