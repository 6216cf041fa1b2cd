package main

import (
	"context"
	"path/filepath"

	"github.com/weighbridge/weighbridge/gateway/audit"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// beginAudit has each block checked before it is replayed, unless that is off.
func (p *process) beginAudit(ctx context.Context) error {
	if p.config.Audit == auditOff {
		p.log.Warn("the chain is not checked; what the peer says is believed", "setting", "audit")
		return nil
	}
	anchor, err := readAnchor(p.config.Genesis)
	if err != nil {
		return err
	}
	p.audit, err = audit.NewService(audit.ServiceOptions{
		Dir: filepath.Join(p.config.Data, "audit"), Genesis: anchor, Metrics: p.metrics, Log: p.log,
		Note: func(f replay.Finding) error {
			if err := p.model.Note(context.WithoutCancel(ctx), f); err != nil {
				return &databaseError{err}
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	p.follower.Check(p.audit.Check)
	p.follower.Ahead(p.audit.Ahead)
	return nil
}

func (p *process) endAudit() error {
	if p.audit == nil {
		return nil
	}
	return p.audit.Close()
}

// fromAudit is where following begins: where the read model stands, or before
// that if the audit has not come so far.
func (p *process) fromAudit(model block.Checkpoint) block.Checkpoint {
	if p.audit == nil {
		return model
	}
	if checked := p.audit.Checkpoint(); checked.Next < model.Next {
		return checked
	}
	return model
}

// foundByAudit are the audit's findings in a block.
func (p *process) foundByAudit(number uint64) []replay.Finding {
	if p.audit == nil {
		return nil
	}
	return p.audit.Findings(number)
}

// distrusted says why the peer's last block was not believed; nil if it was.
func (p *process) distrusted() error {
	if p.audit == nil {
		return nil
	}
	return p.audit.Stopped()
}
