<?php
/**
 * The delay before a retry.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Computes how long to wait after a failure.
 */
final class Sitebridge_Retry_Delay {

	/**
	 * Seconds to wait after failures: 5, 10, 20 …, minus a random part of at most half. The random part keeps
	 * sites that failed together from retrying together.
	 *
	 * @param int $failures Earlier failures in a row.
	 * @param int $longest  Maximum in seconds.
	 * @return int
	 */
	public static function after( $failures, $longest ) {
		$wait = min( $longest, 5 * ( 2 ** min( $failures, 12 ) ) );

		return $wait - random_int( 0, intdiv( $wait, 2 ) );
	}

	/**
	 * The wait that a Retry-After header asks for (RFC 9110, 10.2.3), as seconds or as a date.
	 *
	 * @param string $header The header, or ''.
	 * @return int Seconds, at most a day; 0 when the header asks for no wait.
	 */
	public static function asked_for( $header ) {
		if ( '' === $header ) {
			return 0;
		}
		$seconds = 1 === preg_match( '/^[0-9]{1,9}$/D', $header ) ? (int) $header : (int) strtotime( $header ) - time();

		return max( 0, min( $seconds, DAY_IN_SECONDS ) );
	}
}
