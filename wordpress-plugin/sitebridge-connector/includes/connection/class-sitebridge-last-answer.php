<?php
/**
 * The server's last answer, in words.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Keeps what came of the last call to the server, for the settings page.
 */
final class Sitebridge_Last_Answer {

	const OPTION = 'sitebridge_connector_last_answer';

	/**
	 * Holds the key, which must not get into the stored words.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Settings $settings The stored connection.
	 */
	public function __construct( Sitebridge_Settings $settings ) {
		$this->settings = $settings;
	}

	/**
	 * Stores an answer.
	 *
	 * @param bool   $success Whether what was asked for was done.
	 * @param string $message What happened.
	 * @param string $hint    What to do about it, or ''.
	 * @param string $code    The server's code for it, or ''.
	 */
	public function store( $success, $message, $hint = '', $code = '' ) {
		update_option(
			self::OPTION,
			array(
				'success' => (bool) $success,
				'message' => $this->clean( $message ),
				'hint'    => $this->clean( $hint ),
				'code'    => $this->clean( $code ),
				'time'    => time(),
			),
			false
		);
	}

	/**
	 * The stored answer.
	 *
	 * @return array|null `success`, `message`, `hint`, `code`, `time` (unix seconds), or null when there is none.
	 */
	public function get() {
		$stored = get_option( self::OPTION );

		return is_array( $stored ) && isset( $stored['message'], $stored['time'] ) ? $stored : null;
	}

	/**
	 * Words of another machine: no markup, not endless, and never the key, even if it was sent back.
	 *
	 * @param mixed $words What was answered.
	 * @return string
	 */
	private function clean( $words ) {
		$words = sanitize_text_field( is_scalar( $words ) ? (string) $words : '' );
		$key   = $this->settings->get( 'api_key' );
		if ( '' !== $key ) {
			$words = str_replace( $key, $this->settings->masked_key(), $words );
		}

		return mb_substr( $words, 0, 1000 );
	}
}
