package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/keys"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
)

// openWitness makes the gateway's part in the transparency log.
func (p *process) openWitness(ctx context.Context) (*witness.Witness, error) {
	signer, err := p.config.Transparency.signer(p.config.Organisation)
	if err != nil {
		return nil, err
	}
	others, err := gatewaysOf(p.config.Transparency.Others)
	if err != nil {
		return nil, err
	}
	delete(others, p.config.Organisation)
	client, err := p.config.Members.client(others)
	if err != nil {
		return nil, err
	}
	return witness.New(ctx, witness.Options{
		Client:       client,
		Organisation: p.config.Organisation, Model: p.model, Store: p.own, Signer: signer, Others: others, Metrics: p.metrics, Log: p.log,
		Verifier: p.config.Transparency.Verifier,
	})
}

// signer reads the key of the log; nil where there is none.
func (c transparencyConfig) signer(org massbalance.OrganisationID) (*checkpoint.Signer, error) {
	if c.Key == "" {
		return nil, nil
	}
	private, err := keys.LogKey(c.Key, c.Passphrase)
	if err != nil {
		return nil, err
	}
	return &checkpoint.Signer{Organisation: org, Private: private}, nil
}

// gatewaysOf reads organisation=address pairs.
func gatewaysOf(pairs []string) (map[massbalance.OrganisationID]string, error) {
	others := map[massbalance.OrganisationID]string{}
	for _, pair := range pairs {
		org, address, _ := strings.Cut(pair, "=")
		parsed, err := url.Parse(address)
		if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
			return nil, fmt.Errorf("%q is not an organisation and the address of its gateway, as in miller=https://gateway.miller.example", pair)
		}
		if err := checkName(org); err != nil {
			return nil, err
		}
		others[massbalance.OrganisationID(org)] = strings.TrimSuffix(address, "/")
	}
	return others, nil
}

func checkGateways(value string) error {
	_, err := gatewaysOf(strings.Split(value, ","))
	return err
}

// warning says what people should know before they believe a page, or "".
func (p *process) warning() string {
	return strings.TrimSpace(strings.Join([]string{p.problem(), p.witness.Withheld()}, " "))
}
