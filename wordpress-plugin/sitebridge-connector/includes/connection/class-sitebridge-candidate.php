<?php
/**
 * A connection that is being tested.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Holds a new server, site, key and user while the server tests them. The stored connection goes on working
 * meanwhile, and stays when the test fails. The server calls back during the test, in another process, so the
 * candidate must be in the database.
 */
final class Sitebridge_Candidate {

	const OPTION = 'sitebridge_connector_candidate';

	/**
	 * Seconds until a candidate ends whose test was interrupted. A test takes at most 20 seconds.
	 */
	const LIFETIME = 60;

	/**
	 * The connection that is being tested now.
	 *
	 * @return array|null `server_url`, `site_id`, `api_key`, `user_id`, `key_by`; null when no test runs.
	 */
	public function get() {
		$stored = get_option( self::OPTION );

		return is_array( $stored ) && isset( $stored['until'] ) && $stored['until'] >= time() ? array_diff_key( $stored, array( 'until' => 0 ) ) : null;
	}

	/**
	 * The connection that is being tested, if a request can belong to its test. A test only reads. So a
	 * candidate cannot write before it is proved.
	 *
	 * @param Sitebridge_Signed_Request $request The request.
	 * @return array|null See get().
	 */
	public function asked_by( Sitebridge_Signed_Request $request ) {
		$candidate = 'GET' === $request->method ? $this->get() : null;

		return null !== $candidate && (string) $candidate['site_id'] === $request->site ? $candidate : null;
	}

	/**
	 * Stores the connection to test.
	 *
	 * @param array $connection See get().
	 */
	public function set( array $connection ) {
		update_option( self::OPTION, array( 'until' => time() + self::LIFETIME ) + $connection, false );
	}

	/**
	 * Deletes the candidate after its test.
	 */
	public function forget() {
		delete_option( self::OPTION );
	}
}
