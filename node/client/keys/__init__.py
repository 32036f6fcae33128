"""Keys that are in no file of ours: in a hardware module, or held by an agent.

    keys/main.pem                                   a key file, read into this process
    pkcs11:token=health;object=main?module-path=…   a key of a PKCS#11 token (RFC 7512)
    agent:4cc3f338                                  a key that an SSH agent holds

Each becomes a `ledger.keys.Signer`. Of the last two the private key never comes into this process,
so that nobody gets it out of it. Whoever can use the token or the agent can sign all the same.
"""
