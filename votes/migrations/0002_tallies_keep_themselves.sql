-- Tallies are updated at every counted vote: leave room on their pages for it.
ALTER TABLE votes_tally SET (fillfactor = 50);
ALTER TABLE votes_picktally SET (fillfactor = 50);

-- What readers lean to at this count, given their lean before it: votes.shares.lean_after.
CREATE FUNCTION votes_lean_after(lean text, ships int, skips int) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    n int := ships + skips;
    fewer int := least(ships, skips);
    side text := CASE WHEN skips > ships THEN 'skip' ELSE 'ship' END;
    -- Evidence of 20 is never found, and a certainty of .90 never lost, on the wrong side of this.
    is_far_apart boolean := (ships - skips)::float8 ^ 2 > 4.0 * n;
    term float8 := 1.0 / (fewer + 1);
    total float8 := 0;
    below float8 := 0;
BEGIN
    IF is_far_apart THEN
        IF n >= 20 THEN
            FOR m IN fewer + 1 .. n + 1 LOOP
                total := total + term;
                IF total >= 20 THEN
                    RETURN side;
                END IF;
                EXIT WHEN term < total * 1e-12;
                term := term * (n + 1 - m) / (m + 1);
            END LOOP;
        END IF;
        RETURN CASE WHEN lean = side THEN lean ELSE '' END;
    END IF;
    IF lean = '' THEN
        RETURN '';
    ELSIF lean <> side THEN
        RETURN '';
    END IF;
    -- The certainty, from the two sums of a row of Pascal's triangle on both sides of its edge.
    term := 1;
    FOR m IN fewer + 1 .. n + 1 LOOP
        total := total + term;
        EXIT WHEN term < total * 1e-12;
        term := term * (n + 1 - m) / (m + 1);
    END LOOP;
    term := (fewer + 1.0) / (n + 1 - fewer);
    FOR m IN REVERSE fewer .. 0 LOOP
        below := below + term;
        EXIT WHEN term < below * 1e-12;
        term := term * m / (n + 2 - m);
    END LOOP;
    RETURN CASE WHEN total / (total + below) < 0.90 THEN '' ELSE lean END;
END $$;

-- The same over many votes: votes_lean(choice ORDER BY changed_at, id), for a rebuild.
CREATE TYPE votes_leaning AS (ships int, skips int, lean text);

CREATE FUNCTION votes_lean_step(leaning votes_leaning, choice int) RETURNS votes_leaning
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    ships int := leaning.ships + (choice = 1)::int;
    skips int := leaning.skips + (choice = -1)::int;
    lean text := leaning.lean;
    is_far_apart boolean := (ships - skips)::float8 ^ 2 > 4.0 * (ships + skips);
BEGIN
    -- Most votes change nothing, and are passed without a look at the evidence.
    IF is_far_apart THEN
        IF lean <> (CASE WHEN skips > ships THEN 'skip' ELSE 'ship' END) THEN
            lean := votes_lean_after(lean, ships, skips);
        END IF;
    ELSIF lean <> '' THEN
        lean := votes_lean_after(lean, ships, skips);
    END IF;
    RETURN (ships, skips, lean)::votes_leaning;
END $$;

CREATE FUNCTION votes_lean_of(leaning votes_leaning) RETURNS text
LANGUAGE sql IMMUTABLE AS 'SELECT (leaning).lean';

CREATE AGGREGATE votes_lean (int) (
    sfunc = votes_lean_step, stype = votes_leaning, initcond = '(0,0,"")', finalfunc = votes_lean_of
);

-- One vote's contribution, new minus old, goes to its tool's tally in the same transaction.
CREATE FUNCTION votes_keep_tally() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_new boolean := TG_OP <> 'DELETE';
    is_old boolean := TG_OP <> 'INSERT';
    more_ships int := 0;
    more_skips int := 0;
    more_held int := 0;
    day date;
    tally votes_tally;
    before votes_tally;
BEGIN
    IF is_new AND is_old AND NEW.tool_id <> OLD.tool_id THEN
        RAISE EXCEPTION 'a vote stays with its tool';
    END IF;
    IF is_new THEN
        more_ships := (NEW.status = 0 AND NEW.choice = 1)::int;
        more_skips := (NEW.status = 0 AND NEW.choice = -1)::int;
        more_held := (NEW.status = 1 AND NEW.choice <> 0)::int;
    END IF;
    IF is_old THEN
        more_ships := more_ships - (OLD.status = 0 AND OLD.choice = 1)::int;
        more_skips := more_skips - (OLD.status = 0 AND OLD.choice = -1)::int;
        more_held := more_held - (OLD.status = 1 AND OLD.choice <> 0)::int;
    END IF;
    IF more_ships = 0 AND more_skips = 0 AND more_held = 0 THEN
        RETURN NULL;
    END IF;

    UPDATE votes_tally AS kept
    SET ships = kept.ships + more_ships,
        skips = kept.skips + more_skips,
        held = kept.held + more_held,
        lean = votes_lean_after(kept.lean, kept.ships + more_ships, kept.skips + more_skips)
    WHERE tool_id = coalesce(NEW.tool_id, OLD.tool_id)
    RETURNING * INTO tally;
    IF NOT FOUND THEN
        -- The first vote of a tool; or the last, when the tool goes and its tally is gone.
        IF NOT is_new THEN
            RETURN NULL;
        END IF;
        INSERT INTO votes_tally AS kept (tool_id, ships, skips, held, network_days, has_two_days, is_settled, lean)
        VALUES (NEW.tool_id, more_ships, more_skips, more_held, 0, false, false, '')
        ON CONFLICT (tool_id) DO UPDATE
        SET ships = kept.ships + more_ships,
            skips = kept.skips + more_skips,
            held = kept.held + more_held,
            lean = votes_lean_after(kept.lean, kept.ships + more_ships, kept.skips + more_skips)
        RETURNING * INTO tally;
    END IF;

    -- Until its votes come from enough networks and days, each newly counted one may be the last
    -- that a first score waits for. Hashes are salted by the day, so one hash is one network-day.
    IF is_new AND NOT tally.is_settled AND NEW.status = 0 AND NEW.choice <> 0
       AND (NOT is_old OR OLD.status <> 0) THEN
        day := (NEW.created_at AT TIME ZONE 'UTC')::date;
        before := tally;
        IF tally.network_days < 10 AND NEW.net_hash IS NOT NULL AND NOT EXISTS (
            SELECT FROM votes_vote
            WHERE tool_id = NEW.tool_id AND net_hash = NEW.net_hash
              AND status = 0 AND choice <> 0 AND id <> NEW.id
        ) THEN
            tally.network_days := tally.network_days + 1;
        END IF;
        tally.has_two_days := tally.has_two_days OR coalesce(tally.first_counted_on <> day, false);
        tally.first_counted_on := coalesce(tally.first_counted_on, day);
        IF tally IS DISTINCT FROM before THEN
            UPDATE votes_tally
            SET network_days = tally.network_days,
                first_counted_on = tally.first_counted_on,
                has_two_days = tally.has_two_days,
                is_settled = tally.network_days >= 10 AND tally.has_two_days
            WHERE tool_id = NEW.tool_id;
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER vote_keeps_its_tally
AFTER INSERT OR DELETE OR UPDATE OF tool_id, choice, status ON votes_vote
FOR EACH ROW EXECUTE FUNCTION votes_keep_tally();

-- The same for picks.
CREATE FUNCTION votes_keep_pick_tally() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_new boolean := TG_OP <> 'DELETE';
    is_old boolean := TG_OP <> 'INSERT';
    more_lower int := 0;
    more_higher int := 0;
    more_neither int := 0;
    more_held int := 0;
    day date;
    tally votes_picktally;
    before votes_picktally;
BEGIN
    IF is_new AND is_old AND (NEW.lower_id, NEW.higher_id) <> (OLD.lower_id, OLD.higher_id) THEN
        RAISE EXCEPTION 'a pick stays with its pair';
    END IF;
    IF is_new THEN
        more_lower := (NEW.status = 0 AND NEW.choice = 1)::int;
        more_higher := (NEW.status = 0 AND NEW.choice = 2)::int;
        more_neither := (NEW.status = 0 AND NEW.choice = 3)::int;
        more_held := (NEW.status = 1 AND NEW.choice <> 0)::int;
    END IF;
    IF is_old THEN
        more_lower := more_lower - (OLD.status = 0 AND OLD.choice = 1)::int;
        more_higher := more_higher - (OLD.status = 0 AND OLD.choice = 2)::int;
        more_neither := more_neither - (OLD.status = 0 AND OLD.choice = 3)::int;
        more_held := more_held - (OLD.status = 1 AND OLD.choice <> 0)::int;
    END IF;
    IF more_lower = 0 AND more_higher = 0 AND more_neither = 0 AND more_held = 0 THEN
        RETURN NULL;
    END IF;

    UPDATE votes_picktally AS kept
    SET lower_picks = kept.lower_picks + more_lower,
        higher_picks = kept.higher_picks + more_higher,
        neither_picks = kept.neither_picks + more_neither,
        held = kept.held + more_held
    WHERE lower_id = coalesce(NEW.lower_id, OLD.lower_id)
      AND higher_id = coalesce(NEW.higher_id, OLD.higher_id)
    RETURNING * INTO tally;
    IF NOT FOUND THEN
        IF NOT is_new THEN
            RETURN NULL;
        END IF;
        INSERT INTO votes_picktally AS kept
            (lower_id, higher_id, lower_picks, higher_picks, neither_picks, held,
             network_days, has_two_days, is_settled)
        VALUES (NEW.lower_id, NEW.higher_id, more_lower, more_higher, more_neither, more_held,
                0, false, false)
        ON CONFLICT (lower_id, higher_id) DO UPDATE
        SET lower_picks = kept.lower_picks + more_lower,
            higher_picks = kept.higher_picks + more_higher,
            neither_picks = kept.neither_picks + more_neither,
            held = kept.held + more_held
        RETURNING * INTO tally;
    END IF;

    IF is_new AND NOT tally.is_settled AND NEW.status = 0 AND NEW.choice <> 0
       AND (NOT is_old OR OLD.status <> 0) THEN
        day := (NEW.created_at AT TIME ZONE 'UTC')::date;
        before := tally;
        IF tally.network_days < 10 AND NEW.net_hash IS NOT NULL AND NOT EXISTS (
            SELECT FROM votes_pick
            WHERE lower_id = NEW.lower_id AND higher_id = NEW.higher_id
              AND net_hash = NEW.net_hash AND status = 0 AND choice <> 0 AND id <> NEW.id
        ) THEN
            tally.network_days := tally.network_days + 1;
        END IF;
        tally.has_two_days := tally.has_two_days OR coalesce(tally.first_counted_on <> day, false);
        tally.first_counted_on := coalesce(tally.first_counted_on, day);
        IF tally IS DISTINCT FROM before THEN
            UPDATE votes_picktally
            SET network_days = tally.network_days,
                first_counted_on = tally.first_counted_on,
                has_two_days = tally.has_two_days,
                is_settled = tally.network_days >= 10 AND tally.has_two_days
            WHERE id = tally.id;
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER pick_keeps_its_tally
AFTER INSERT OR DELETE OR UPDATE OF lower_id, higher_id, choice, status ON votes_pick
FOR EACH ROW EXECUTE FUNCTION votes_keep_pick_tally();

-- What was decided on votes is added to, and never changed.
CREATE FUNCTION votes_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit of votes is append-only';
END $$;

CREATE TRIGGER audit_is_append_only
BEFORE UPDATE OR DELETE ON votes_auditentry
FOR EACH ROW EXECUTE FUNCTION votes_refuse_change();
