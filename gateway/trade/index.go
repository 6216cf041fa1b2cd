package trade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Contribute splits what a settled period came to into shares, keeps one with
// each member, and gives the body that contributes them. Its shares are the same
// each time that it is asked with the same command.
func (d *Desk) Contribute(ctx context.Context, id massbalance.AgreementID, period int) (massbalance.ContributePremium, error) {
	statement, err := d.Statement(ctx, id, period)
	if err != nil {
		return massbalance.ContributePremium{}, err
	}
	index, members, err := d.round(ctx, statement)
	if err != nil {
		return massbalance.ContributePremium{}, err
	}
	body := massbalance.ContributePremium{Index: index, Agreement: id, Period: period}
	shares, err := d.split(index, members, statement)
	if err != nil {
		return body, err
	}
	for _, share := range shares {
		document, err := share.Document()
		if err != nil {
			return body, err
		}
		with := share.Member
		if with == d.organisation {
			// Its own share it keeps with the buyer, who knows the whole anyway:
			// private data has two sides.
			with = statement.Buyer
		}
		digest, err := d.keeper.Keep(ctx, document, with)
		if err != nil {
			return body, err
		}
		body.Shares = append(body.Shares, digest)
	}
	return body, nil
}

// round finds which figure a statement belongs to and who gets shares of it.
func (d *Desk) round(ctx context.Context, s Statement) (index massbalance.PremiumIndex, members []massbalance.OrganisationID, err error) {
	err = d.model.Read(ctx, func(snapshot *readmodel.Snapshot) error {
		a, err := d.agreement(snapshot, s.Agreement)
		if err != nil {
			return err
		}
		if index, err = indexOf(a, s); err != nil {
			return err
		}
		round, err := snapshot.Get(massbalance.PremiumKey(index))
		if begun, ok := round.(massbalance.PremiumRound); err == nil && ok {
			members = begun.Members
			return nil
		}
		if err != nil {
			return err
		}
		consortium, err := readmodel.Need[massbalance.Consortium](snapshot, massbalance.ConsortiumKey())
		members = consortium.Trading()
		return err
	})
	return index, members, err
}

// indexOf files a statement under the quarter in which its period ends.
func indexOf(a massbalance.Agreement, s Statement) (massbalance.PremiumIndex, error) {
	year, err := strconv.Atoi(string(s.To[:4]))
	if err != nil {
		return massbalance.PremiumIndex{}, fmt.Errorf("period %d of %s ends on no day: %w", s.Period, a.ID, err)
	}
	month, err := strconv.Atoi(string(s.To[5:7]))
	if err != nil {
		return massbalance.PremiumIndex{}, fmt.Errorf("period %d of %s ends on no day: %w", s.Period, a.ID, err)
	}
	return massbalance.PremiumIndex{Product: s.Product, Model: a.Commitment.Specification.Model, Currency: s.Currency, Year: year, Quarter: (month + 2) / 3}, nil
}

// split derives the shares instead of drawing them, so that contributing again
// keeps the same documents.
func (d *Desk) split(index massbalance.PremiumIndex, members []massbalance.OrganisationID, s Statement) ([]Share, error) {
	command := massbalance.CommandID(fmt.Sprintf("%s/%d", s.Agreement, s.Period))
	return split(index, d.organisation, members, s.Premium, s.Received, func(member massbalance.OrganisationID, purpose string) massbalance.Digest {
		return d.salt(command, member, "share "+purpose)
	})
}

// ErrSharesMissing means that not all of the shares that a member got are there.
var ErrSharesMissing = errors.New("not all shares of the index are kept here yet")

// Sum gives the body that publishes the sum of the shares that the organisation
// got for a figure of the index.
func (d *Desk) Sum(ctx context.Context, index massbalance.PremiumIndex) (massbalance.PublishPremiumSum, error) {
	body := massbalance.PublishPremiumSum{Index: index}
	var round massbalance.PremiumRound
	err := d.model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		round, err = readmodel.Need[massbalance.PremiumRound](s, massbalance.PremiumKey(index))
		return err
	})
	if err != nil {
		return body, err
	}
	at := slices.Index(round.Members, d.organisation)
	if at < 0 {
		return body, ErrNotParty
	}
	var shares []Share
	for _, c := range round.Contributions {
		share, err := d.share(ctx, c.Shares[at])
		if err != nil {
			return body, err
		}
		if share.Index != index || share.By != c.By || share.Member != d.organisation {
			return body, fmt.Errorf("the share of %s for %s is for another figure, or for %s", c.By, d.organisation, share.Member)
		}
		shares = append(shares, share)
	}
	body.Contributions = len(shares)
	body.Premium, body.Mass = Sum(shares)
	return body, nil
}

func (d *Desk) share(ctx context.Context, digest massbalance.Digest) (Share, error) {
	document, kept, err := d.keeper.Kept(ctx, digest)
	if err != nil {
		return Share{}, err
	}
	if !kept {
		return Share{}, fmt.Errorf("couldn't open share %s: %w", digest, ErrSharesMissing)
	}
	return ReadShare(document)
}
