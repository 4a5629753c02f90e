-- One row per pair of currencies and month, both ways: what was entered comes before what is its inverse.
WITH entered AS (
    SELECT from_currency, to_currency, date_trunc('month', month_on)::DATE AS month_on, rate, 1 AS place
    FROM exchange_rates WHERE availability = 'present'
    UNION ALL
    SELECT to_currency, from_currency, date_trunc('month', month_on)::DATE, 1 / rate, 2
    FROM exchange_rates WHERE availability = 'present')
SELECT from_currency, to_currency, month_on, min_by(rate, place) AS rate, min(place) = 2 AS is_inverse
FROM entered GROUP BY from_currency, to_currency, month_on ORDER BY ALL
