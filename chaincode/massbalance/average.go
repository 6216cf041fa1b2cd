package massbalance

// Pool is what a site's rolling average percentage rests on, where its profile
// asks for that method: what came in of one product over the period, with what
// was there when it began. Credit over Material is the average share.
type Pool struct {
	Period   PeriodID
	Material Quantity
	Credit   Quantity
}

// pool is the pool of the open period. The first movement of a product in a
// period finds the account as the period before left it; credit beyond the
// stock that it could be of does not count, nor does credit of book and claim.
func (b *books) pool(product ProductID, account Account) (Pool, error) {
	pool, _, err := find[Pool](b.e, PoolKey(b.site.ID, product))
	if err == nil && pool.Period != b.head.Period {
		pool = Pool{b.head.Period, account.Stock(), account.decoupled().Shortage(account.Credit()).Min(account.Stock())}
	}
	return pool, err
}

// average adds material that comes in to the pool. Credit that comes without
// material was in the pool before, or is no part of it.
func (b *books) average(product ProductID, account Account, physical, credit Quantity) error {
	if b.profile.Method != RollingAverage {
		return nil
	}
	pool, err := b.pool(product, account)
	if err != nil {
		return err
	}
	if !physical.IsZero() && !b.returned {
		pool.Material, pool.Credit = pool.Material.Add(physical), pool.Credit.Add(credit)
	}
	b.e.put(PoolKey(b.site.ID, product), pool)
	return nil
}

// atMostAverage refuses to attribute more to material than the average share of
// the period so far, rounded down to the gram (ISO 22095-2, rolling average
// percentage method; PEFC's Cc = Vc ÷ (Vc + Vcm)).
func (b *books) atMostAverage(product ProductID, account Account, physical, credit Quantity) error {
	if b.profile.Method != RollingAverage {
		return nil
	}
	pool, err := b.pool(product, account)
	if err != nil {
		return err
	}
	if most := physical.ScaleFloor(pool.Credit, pool.Material); !physical.IsZero() && most.Less(credit) {
		return lacking(AverageExceeded, most, credit, "%s kg of %s at %s, of which %s in %s kg are attributed on average in period %s", physical, product, b.site.ID, pool.Credit, pool.Material, pool.Period)
	}
	b.e.put(PoolKey(b.site.ID, product), pool)
	return nil
}

// unpool takes what a reversal takes out again out of the pool, and puts back
// what it brings back unless that never left the pool of this period.
func (b *books) unpool(record Record, m Material, account Account) error {
	if b.profile.Method != RollingAverage {
		return nil
	}
	pool, err := b.pool(m.Product, account)
	if err != nil {
		return err
	}
	if !m.In.IsZero() {
		if err := b.noneLeft(record, m.Product, account); err != nil {
			return err
		}
		_, credited := record.creditOf(m.Product)
		pool.Material, pool.Credit = m.In.Shortage(pool.Material), credited.Shortage(pool.Credit)
	}
	if spent, _ := record.creditOf(m.Product); !m.Out.IsZero() && record.Period != pool.Period {
		pool.Material, pool.Credit = pool.Material.Add(m.Out), pool.Credit.Add(spent)
	}
	b.e.put(PoolKey(b.site.ID, m.Product), pool)
	return nil
}

// noneLeft refuses to undo what came in if anything of the product left since
// the beginning of its period: what left carried the average of all of it.
func (b *books) noneLeft(record Record, product ProductID, account Account) error {
	period, err := need[Period](b.e, PeriodKey(b.site.ID, record.Period))
	if err != nil {
		return err
	}
	var before Account
	if period.Previous != "" {
		previous, err := need[Period](b.e, PeriodKey(b.site.ID, period.Previous))
		if err != nil {
			return err
		}
		for _, closing := range previous.Closings {
			if closing.Product == product {
				before = closing.Account
			}
		}
	}
	if left := before.PhysicalOut.Shortage(account.PhysicalOut); !left.IsZero() {
		return refuse(StockMovedOn, "%s kg of %s left %s since period %s began, at an average that rests on what is to be reversed", left, product, b.site.ID, record.Period)
	}
	return nil
}

// creditOf is the credit of a product that a record took from lots and gave to lots.
func (r Record) creditOf(product ProductID) (spent, credited Quantity) {
	for _, p := range r.Credits {
		if p.From.Kind == HolderLot && p.From.Product == product {
			spent = spent.Add(p.Quantity)
		}
		if p.To.Kind == HolderLot && p.To.Product == product {
			credited = credited.Add(p.Quantity)
		}
	}
	return spent, credited
}
