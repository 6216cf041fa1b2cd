package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console"
)

// warnings are what will do, and still is seldom meant.
func (c config) warnings() []string {
	if c.PublicURL != "" {
		return nil
	}
	return []string{"publicURL is not set: the codes on certificates and declarations lead to " + c.address() + ", which only this machine reaches, and the papers say so"}
}

func checkName(value string) error {
	if !massbalance.ValidName(value) {
		return fmt.Errorf("%q is not a name of 1 to 64 letters, digits, dots, underscores and hyphens", value)
	}
	return nil
}

func checkRole(value string) error {
	if role := massbalance.Role(value); role != massbalance.Trading && role != massbalance.Certification {
		return fmt.Errorf("%q is neither %s nor %s", value, massbalance.Trading, massbalance.Certification)
	}
	return nil
}

func checkAddress(value string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return fmt.Errorf("%q is not host:port", value)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port number", value)
	}
	return nil
}

func checkAbsolute(value string) error {
	if !filepath.IsAbs(value) {
		return fmt.Errorf("%q is not an absolute path", value)
	}
	return nil
}

// checkDatabase says no word of the value, which may hold a password.
func checkDatabase(value string) error {
	if !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") {
		return errors.New("it does not begin with postgres://")
	}
	if _, err := pgx.ParseConfig(value); err != nil {
		return errors.New("it is no address of a PostgreSQL database: postgres://user@host:port/name")
	}
	return nil
}

func checkFile(value string) error {
	file, err := os.Open(value)
	if err != nil {
		return err
	}
	return file.Close()
}

func checkPlaces(value string) error {
	file, err := os.ReadFile(value)
	if err != nil {
		return err
	}
	return console.ReadPlaces(file)
}

func checkCollector(value string) error {
	address, err := url.Parse(value)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" {
		return fmt.Errorf("%q is not http://host:port", value)
	}
	return nil
}

// oneOf checks against a list of words.
func oneOf(words ...string) func(string) error {
	return func(value string) error {
		for _, word := range words {
			if value == word {
				return nil
			}
		}
		return fmt.Errorf("%q is none of %s", value, strings.Join(words, ", "))
	}
}

func checkGenesis(value string) error {
	_, err := readAnchor(value)
	return err
}

func checkPositive(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 1 {
		return fmt.Errorf("%q is not a number of requests: there is one at least, or nobody could call", value)
	}
	return nil
}
