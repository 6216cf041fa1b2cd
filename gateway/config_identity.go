package main

import (
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/gateway/keys"
)

func (c identityConfig) options() keys.Options {
	return keys.Options{
		Certificate: c.Certificate, File: c.Key, Passphrase: c.Passphrase,
		Library: c.PKCS11.Library, Token: c.PKCS11.Token, KeyID: c.PKCS11.KeyID, PIN: c.PKCS11.PIN,
	}
}

// check makes sure that the key is in one place.
func (c identityConfig) check() error {
	token := c.PKCS11
	switch {
	case token.Library == "" && c.Key == "":
		return errors.New("identity.key: is missing, and so is identity.pkcs11.library")
	case token.Library == "":
		return nil
	case c.Key != "":
		return errors.New("identity.key: is set beside identity.pkcs11.library; one of them holds the key")
	case token.Token == "" || token.KeyID == "" || token.PIN == "":
		return errors.New("identity.pkcs11: token, keyId and pin are needed beside library")
	}
	if err := checkFile(token.Library); err != nil {
		return fmt.Errorf("identity.pkcs11.library: %w", err)
	}
	return nil
}
