"""候鸟 (Houniao): a marketplace for certified 旅居养老, one package per domain, calls going down and events going up."""
