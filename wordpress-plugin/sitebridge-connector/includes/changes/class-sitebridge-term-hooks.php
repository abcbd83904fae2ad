<?php
/**
 * Notices changes of terms.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Listens to WordPress's hooks about terms. The server applies a message about a term to all contents that hold
 * the term, so that posts need no message of their own.
 */
final class Sitebridge_Term_Hooks {

	/**
	 * Collects the changes.
	 *
	 * @var Sitebridge_Site_Changes
	 */
	private $changes;

	/**
	 * Knows which taxonomies the server is told about.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Terms as they were before the change that is being made, by id.
	 *
	 * @var WP_Term[]
	 */
	private $before = array();

	/**
	 * The term that is being deleted, and the term that posts get instead; null outside of a deletion.
	 *
	 * @var WP_Term[]|null
	 */
	private $deleting = null;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Site_Changes $changes   Collects the changes.
	 * @param Sitebridge_Structure    $structure Knows which taxonomies the server is told about.
	 */
	public function __construct( Sitebridge_Site_Changes $changes, Sitebridge_Structure $structure ) {
		$this->changes   = $changes;
		$this->structure = $structure;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'created_term', array( $this, 'on_create' ), 10, 3 );
		add_action( 'edit_terms', array( $this, 'before_edit' ), 10, 2 );
		add_action( 'edited_term', array( $this, 'on_edit' ), 10, 3 );
		add_action( 'pre_delete_term', array( $this, 'before_delete' ), 10, 2 );
		add_action( 'delete_term', array( $this, 'on_delete' ), 10, 0 );
		add_action( 'shutdown', array( $this->changes, 'complete' ), 100 );
	}

	/**
	 * A term was created. Only terms in a tree are told: later terms name them as parents. The server learns the
	 * others with the contents that hold them.
	 *
	 * @param int    $term_id  The term.
	 * @param int    $tt_id    Not needed.
	 * @param string $taxonomy The taxonomy.
	 */
	public function on_create( $term_id, $tt_id, $taxonomy ) {
		if ( $this->structure->has_taxonomy( $taxonomy ) && is_taxonomy_hierarchical( $taxonomy ) ) {
			$this->changes->note_term( $taxonomy, (int) $term_id, '' );
		}
	}

	/**
	 * A term is about to be changed.
	 *
	 * @param int    $term_id  The term.
	 * @param string $taxonomy The taxonomy.
	 */
	public function before_edit( $term_id, $taxonomy ) {
		$term = $this->structure->has_taxonomy( $taxonomy ) ? get_term( $term_id, $taxonomy ) : null;
		if ( $term instanceof WP_Term ) {
			$this->before[ $term_id ] = clone $term;
		}
	}

	/**
	 * A term was changed.
	 *
	 * @param int    $term_id  The term.
	 * @param int    $tt_id    Not needed.
	 * @param string $taxonomy The taxonomy.
	 */
	public function on_edit( $term_id, $tt_id, $taxonomy ) {
		$before = isset( $this->before[ $term_id ] ) ? $this->before[ $term_id ] : null;
		$after  = get_term( $term_id, $taxonomy );
		unset( $this->before[ $term_id ] );
		if ( null !== $before && $after instanceof WP_Term && array( $before->slug, $before->name, $before->parent ) !== array( $after->slug, $after->name, $after->parent ) ) {
			$this->changes->note_term( $taxonomy, (int) $term_id, $before->slug );
		}
	}

	/**
	 * A term is about to be deleted. First its posts lose it.
	 *
	 * @param int    $term_id  The term.
	 * @param string $taxonomy The taxonomy.
	 */
	public function before_delete( $term_id, $taxonomy ) {
		$term = $this->structure->has_taxonomy( $taxonomy ) ? get_term( $term_id, $taxonomy ) : null;
		if ( ! $term instanceof WP_Term ) {
			return;
		}
		$default        = get_term( (int) get_option( 'category' === $taxonomy ? 'default_category' : 'default_term_' . $taxonomy ), $taxonomy );
		$default        = $default instanceof WP_Term && $default->term_id !== $term->term_id ? $default : null;
		$this->deleting = compact( 'term', 'default' );
		$this->changes->note_deletion( $term, null === $default ? 0 : $default->term_id );
	}

	/**
	 * A term was deleted.
	 */
	public function on_delete() {
		$this->deleting = null;
	}

	/**
	 * Whether the message about the term that is being deleted tells that a post lost it.
	 *
	 * @param string $taxonomy The taxonomy of the changed terms.
	 * @param int[]  $removed  The removed terms, by their ids in the taxonomy.
	 * @param int[]  $added    The added terms.
	 * @param int    $left     How many terms the post has now; -1 if that is not known yet.
	 * @return bool
	 */
	public function tells( $taxonomy, array $removed, array $added = array(), $left = -1 ) {
		if ( null === $this->deleting || $taxonomy !== $this->deleting['term']->taxonomy || array( $this->deleting['term']->term_taxonomy_id ) !== array_values( $removed ) ) {
			return false;
		}
		$default = $this->deleting['default'];
		if ( null === $default || -1 === $left ) {
			return array() === $added;
		}

		return array() === $added ? $left > 0 : 1 === $left && array( $default->term_taxonomy_id ) === array_values( $added );
	}
}
