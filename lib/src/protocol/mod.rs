//! What the node does, one file for each choreography. socialnet-protocol(7) is the authority.
