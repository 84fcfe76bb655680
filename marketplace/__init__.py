"""候鸟 (Houniao): a marketplace for certified 旅居养老, one package per domain, calls going down and events going up."""

import gc

# What a start makes is there to stay. Python would look through it for garbage after every 700 objects, which is a tenth
# of the start of each program; what serving leaves behind may lie for as long as 50,000 take.
gc.set_threshold(50_000)
