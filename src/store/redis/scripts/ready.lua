#!lua
-- Nothing: but Redis refuses it, as it would a commit, when it is full, a replica, or cannot write to its disk.
return 1
