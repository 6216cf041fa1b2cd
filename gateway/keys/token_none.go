//go:build !pkcs11

package keys

func openToken(Options) (*Key, error) { return nil, ErrNoTokens }
