"""From a network's drawing to a picture made of the photo's own pixels."""
