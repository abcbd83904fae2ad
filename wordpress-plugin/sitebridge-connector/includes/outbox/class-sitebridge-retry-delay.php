<?php
/**
 * When to try again.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * How long to wait after a failure.
 */
final class Sitebridge_Retry_Delay {

	/**
	 * How long to wait after failures: 5, 10, 20 … seconds, less up to a half by chance, so that sites that
	 * failed together do not come back together.
	 *
	 * @param int $failures Earlier failures in a row.
	 * @param int $longest  At most so many seconds.
	 * @return int
	 */
	public static function after( $failures, $longest ) {
		$wait = min( $longest, 5 * ( 2 ** min( $failures, 12 ) ) );

		return $wait - random_int( 0, intdiv( $wait, 2 ) );
	}

	/**
	 * What a Retry-After header asks for (RFC 9110, 10.2.3): seconds or a date.
	 *
	 * @param string $header The header, or ''.
	 * @return int Seconds, at most a day; 0 when it asks for nothing.
	 */
	public static function asked_for( $header ) {
		if ( '' === $header ) {
			return 0;
		}
		$seconds = 1 === preg_match( '/^[0-9]{1,9}$/D', $header ) ? (int) $header : (int) strtotime( $header ) - time();

		return max( 0, min( $seconds, DAY_IN_SECONDS ) );
	}
}
